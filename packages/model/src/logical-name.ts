const pattern = /^[a-z_][a-z0-9_]{0,127}$/;

/** Whether a text can be the logical name of a table or column: `account`, `new_visit`. */
export function isLogicalName(text: string): boolean {
  // Names such as `constructor` would be taken for members that every object has.
  return pattern.test(text) && !(text in Object.prototype);
}
