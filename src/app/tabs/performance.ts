import { lazy } from 'react';
import type { TabDeclaration } from './define-tab';

export const performance: TabDeclaration = {
  id: 'performance',
  label: 'Performance',
  panel: lazy(() => import('../panels/performance').then(({ Performance }) => ({ default: Performance }))),
};
