// Modules of the peers: resolved from this folder, which is not part of the workspace.
export const load = (name) => import(name);
