import { lazy } from 'react';
import type { TabDeclaration } from './define-tab';

export const look: TabDeclaration = {
  id: 'look',
  label: 'Look',
  panel: lazy(() => import('../look/look').then(({ Look }) => ({ default: Look }))),
};
