import type { AppModel, ProcessFlow } from '@outpost/model';

/** Where the client runs. Process flows work offline in the mobile app only. */
export type DeviceHost = 'mobile' | 'browser';

/** Why a flow cannot be used offline. */
export type FlowUnavailable =
  | 'notMobileHost'
  | 'notOfflineEnabled'
  | 'multiTable'
  | 'instanceTableNotInProfile'
  | 'siblingFlowNotInProfile';

const texts: Readonly<Record<FlowUnavailable, string>> = {
  notMobileHost: 'process flows work offline in the mobile app only.',
  notOfflineEnabled: 'the app is not enabled for offline use.',
  multiTable: 'the flow has stages of several tables.',
  instanceTableNotInProfile: 'the table of its instances is not in the offline profile.',
  siblingFlowNotInProfile:
    'the table has another flow whose instance table is not in the offline profile.',
};

/** Every reason why a flow cannot be used offline; none: it can. (Dataverse mobile offline: business process flows.) */
export function flowAvailability(
  flow: ProcessFlow,
  { flows, offlineEnabled }: Pick<AppModel, 'flows' | 'offlineEnabled'>,
  offlineTables: ReadonlySet<string>,
  host: DeviceHost,
): readonly { readonly reason: FlowUnavailable; readonly message: string }[] {
  const hasSibling = flows.some(
    (one) =>
      one.table === flow.table && one.id !== flow.id && !offlineTables.has(one.instanceTable),
  );
  const reasons: readonly (readonly [FlowUnavailable, boolean])[] = [
    ['notMobileHost', host !== 'mobile'],
    ['notOfflineEnabled', offlineEnabled === false],
    ['multiTable', flow.stages.some((stage) => stage.table !== flow.table)],
    ['instanceTableNotInProfile', !offlineTables.has(flow.instanceTable)],
    ['siblingFlowNotInProfile', hasSibling],
  ];
  return reasons
    .filter(([, holds]) => holds)
    .map(([reason]) => ({ reason, message: `${flow.name}: ${texts[reason]}` }));
}
