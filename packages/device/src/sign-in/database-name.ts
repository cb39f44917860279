/**
 * A name for the database of one user of one organization, for `fileStorage` and the like: where several people use a
 * device, each has a database of their own. `user`: an id, or what the sign-in calls the account.
 */
export function databaseName(organization: string, user: string): string {
  const place = withoutSlashes(organization.replace(/^[a-z]+:\/\//i, ''));
  return `${part(place)}+${part(user)}`;
}

function withoutSlashes(text: string): string {
  let end = text.length;
  while (text[end - 1] === '/') end -= 1;
  return text.slice(0, end);
}

/** Any text as a part of a file's name, other texts as other ones; capitals say nothing, as in addresses and ids. */
function part(text: string): string {
  return encodeURIComponent(text.toLowerCase()).replace(
    /[!'()*]|^\./g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
