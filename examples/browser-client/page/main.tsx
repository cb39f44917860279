import { StrictMode, useEffect, useState, useSyncExternalStore } from 'react';
import { createRoot } from 'react-dom/client';
import type { DeviceView, ToDevice } from '../worker/messages.ts';

const worker = new Worker('/worker.js', { type: 'module' });
let current: DeviceView | null = null;
const listeners = new Set<() => void>();
worker.addEventListener('message', ({ data }: MessageEvent<DeviceView>) => {
  current = data;
  for (const changed of listeners) changed();
});
const ask = (message: ToDevice) => worker.postMessage(message);

function useDevice(): DeviceView | null {
  return useSyncExternalStore(
    (changed) => {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    () => current,
  );
}

const words: Readonly<Record<string, string>> = {
  connected: '⊕ Connected',
  notConnected: '⊖ Not connected',
  syncing: '⊙ Syncing',
  pendingUpload: '↑ to upload',
  error: '⊗ Sync error',
  warning: '⊘ Warning',
};

function App() {
  const view = useDevice();
  const [term, setTerm] = useState('');
  const [selected, setSelected] = useState<string | null>(null);
  useEffect(() => ask({ kind: 'find', term }), [term]);
  if (view === null) return <p>Opening the database ...</p>;
  const row = view.rows.find((one) => one.id === selected);
  return (
    <main>
      <header>
        <h1>Accounts ({view.total})</h1>
        <output aria-label="state">{words[view.icon]}</output>
        <output aria-label="pending">{view.pending} waiting</output>
        <button type="button" onClick={() => ask({ kind: 'sync' })}>
          Sync now
        </button>
      </header>
      {view.progress !== null && <p>Syncing offline data: {view.progress}</p>}
      {view.message !== '' && <p role="alert">{view.message}</p>}
      <input
        aria-label="Find"
        placeholder="Find"
        value={term}
        onChange={(event) => setTerm(event.target.value)}
      />
      {row !== undefined && <Editor key={row.id} {...row} />}
      <table>
        <tbody>
          {view.rows.map(({ id, name, phone }) => (
            <tr key={id} aria-selected={id === selected}>
              <td>
                <button type="button" onClick={() => setSelected(id)}>
                  {name}
                </button>
              </td>
              <td>{phone}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </main>
  );
}

function Editor({ id, name, phone }: DeviceView['rows'][number]) {
  const [value, setValue] = useState(phone);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        ask({ kind: 'save', id, values: { telephone1: value } });
      }}
    >
      <strong>{name}</strong>
      <label>
        Main Phone <input value={value} onChange={(event) => setValue(event.target.value)} />
      </label>
      <button type="submit">Save on this device</button>
    </form>
  );
}

const root = document.getElementById('root');
if (root !== null)
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
void navigator.serviceWorker.register('/service-worker.js', { type: 'module' });
