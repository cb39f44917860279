import { test } from 'vitest';
import { walkScreens } from './walk-screens.ts';

// The other sizes and looks are in screens.long.test.ts.
test('every screen in a real terminal of 80 x 24, in colour', () => walkScreens(80, 24, true));
