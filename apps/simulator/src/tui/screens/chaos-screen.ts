import { type Faults, faultControls, faultTexts } from '../../world/faults.ts';
import type { DeviceStore } from '../device-store.ts';
import { fit, heading, type Line, line } from '../line.ts';
import type { Screen, Size } from './screen.ts';

const controls = ['network', 'server', 'next'] as const;
const labels = {
  network: 'Network',
  server: 'Organization',
  next: 'Next request',
} as const satisfies Readonly<Record<keyof Faults, string>>;

/** What goes wrong between this device and the organization. */
export const chaosScreen: Screen = {
  draw: drawChaos,
  count: () => controls.length,
  run(store, command) {
    if (command !== 'nextValue' && command !== 'previousValue') return false;
    const control = controls[store.place.selected];
    if (control === undefined) return true;
    const { faults } = store.opened;
    const values: readonly string[] = faultControls[control];
    const at = values.indexOf(faults.value[control]);
    const next = values[(at + (command === 'nextValue' ? 1 : values.length - 1)) % values.length];
    faults.next({ ...faults.value, [control]: next });
    return true;
  },
};

function drawChaos(store: DeviceStore, { columns }: Size): readonly Line[] {
  const faults = store.opened.faults.value;
  const lines = controls.map((control, i) => {
    const here = i === store.place.selected;
    const value = faults[control];
    const text = ` ${here ? '>' : ' '} ${fit(labels[control], 14)} ${fit(value, 16)} ${faultTexts[value] ?? ''}`;
    return line(fit(text, columns), here ? 'selected' : undefined);
  });
  const { status, device } = store;
  const watched = [
    `${status.pending.updates} edits wait, ${status.errors} sync errors are visible: none is lost`,
    `${device.sync.notices(100).filter((one) => one.kind !== 'restored').length} rows left lately, each with its reason`,
    status.readiness === 'available'
      ? 'everything on the device can be read and edited'
      : 'the first sync goes on where it stopped',
  ];
  return [
    line(fit(` Chaos on ${store.deviceName}`, columns), 'title'),
    ...lines,
    line(''),
    line(fit('   left and right change a value; [s] synchronizes', columns), 'muted'),
    heading('What holds whatever happens', columns),
    ...watched.map((text) => line(fit(`   ${text}`, columns))),
    line(
      fit('   Kill this program at any moment and start it again: it goes on.', columns),
      'muted',
    ),
  ];
}
