/** Keeps the page itself: after the first load it opens without network. Data never passes here. */
declare const self: ServiceWorkerGlobalScope;

const shell = ['/', '/main.js', '/worker.js', '/sql.wasm', '/manifest.webmanifest', '/icon.svg'];
/** Replaced by the build: another build is another cache. */
declare const buildId: string;

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(buildId)
      .then((cache) => cache.addAll(shell))
      .then(() => self.skipWaiting()),
  );
});
self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) =>
        Promise.all(names.filter((one) => one !== buildId).map((one) => caches.delete(one))),
      )
      .then(() => self.clients.claim()),
  );
});
self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { pathname, origin } = new URL(request.url);
  if (request.method !== 'GET' || origin !== self.location.origin || !shell.includes(pathname))
    return;
  event.respondWith(caches.match(pathname).then((kept) => kept ?? fetch(request)));
});
