import { test } from 'vitest';
import { walkScreens } from './walk-screens.ts';

test('every screen in a real terminal of 80 x 24, without colour', () =>
  walkScreens(80, 24, false));
test('every screen in a real terminal of 140 x 45, in colour', () => walkScreens(140, 45, true));
test('every screen in a real terminal of 140 x 45, without colour', () =>
  walkScreens(140, 45, false));
