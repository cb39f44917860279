import type { ScreenId } from '../place.ts';
import { capabilitiesScreen } from './capabilities-screen.ts';
import { chaosScreen } from './chaos-screen.ts';
import { conflictScreen } from './conflict-screen.ts';
import { deleteScreen } from './delete-screen.ts';
import { errorsScreen } from './errors-screen.ts';
import { formScreen } from './form-screen.ts';
import { gridScreen } from './grid-screen.ts';
import { helpScreen } from './help-screen.ts';
import { homeScreen } from './home-screen.ts';
import { pickScreen } from './pick-screen.ts';
import { profileScreen } from './profile-screen.ts';
import { queueScreen } from './queue-screen.ts';
import type { Screen } from './screen.ts';
import { searchScreen } from './search-screen.ts';
import { statusScreen } from './status-screen.ts';
import { syncScreen } from './sync-screen.ts';
import { timelineScreen } from './timeline-screen.ts';
import { whyScreen } from './why-screen.ts';

/** All screens of a device. */
export const screens: Readonly<Record<ScreenId, Screen>> = {
  sync: syncScreen,
  home: homeScreen,
  grid: gridScreen,
  search: searchScreen,
  form: formScreen,
  pick: pickScreen,
  delete: deleteScreen,
  timeline: timelineScreen,
  status: statusScreen,
  errors: errorsScreen,
  conflict: conflictScreen,
  queue: queueScreen,
  why: whyScreen,
  profile: profileScreen,
  capabilities: capabilitiesScreen,
  chaos: chaosScreen,
  help: helpScreen,
};
