import { lazy } from 'react';
import type { TabDeclaration } from './define-tab';

export const reference: TabDeclaration = {
  id: 'reference',
  label: 'Reference',
  panel: lazy(() => import('../reference/reference').then(({ Reference }) => ({ default: Reference }))),
};
