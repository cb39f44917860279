import { test } from 'vitest';
import { walkScreens } from './walk-screens.ts';

// The other halves are in screens.long.test.ts.
test('every screen in a real terminal of 80 x 24, in colour', () => walkScreens(80, 24, true));
test('every screen in a real terminal of 140 x 45, without colour', () =>
  walkScreens(140, 45, false));
