import { Tabs } from '@mantine/core';
import { Look } from '../look/look';
import { Reference } from '../reference/reference';
import { usePreferences, useRuns } from '../state';
import styles from './panels.module.css';
import { Performance } from './performance';
import { RunsTable } from './runs-table';

/** What lies below the charts. */
export function TabPanels() {
  const tab = usePreferences((state) => state.tab);
  const count = useRuns(({ runs }) => runs.length);
  return (
    <Tabs value={tab} onChange={(value) => usePreferences.setState({ tab: value ?? 'runs' })} keepMounted={false}>
      <Tabs.List className={styles.tabs ?? ''}>
        <Tabs.Tab value="runs">Runs {count > 0 && <span className={styles.count}>{count}</span>}</Tabs.Tab>
        <Tabs.Tab value="look">Look</Tabs.Tab>
        <Tabs.Tab value="performance">Performance</Tabs.Tab>
        <Tabs.Tab value="reference">Reference</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="runs">
        <RunsTable />
      </Tabs.Panel>
      <Tabs.Panel value="look">
        <Look />
      </Tabs.Panel>
      <Tabs.Panel value="performance">
        <Performance />
      </Tabs.Panel>
      <Tabs.Panel value="reference">
        <Reference />
      </Tabs.Panel>
    </Tabs>
  );
}
