import { RunsTable } from '../panels/runs-table';
import type { TabDeclaration } from './define-tab';

export const runs: TabDeclaration = {
  id: 'runs',
  label: 'Runs',
  count: (state) => state.runs.length,
  panel: RunsTable,
};
