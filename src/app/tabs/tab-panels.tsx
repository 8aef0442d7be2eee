import { Tabs } from '@mantine/core';
import { Suspense } from 'react';
import { useShallow } from 'zustand/react/shallow';
import { PanelBoundary } from '../panels/boundary';
import styles from '../panels/panels.module.css';
import { useActions, useLab } from '../use-lab';
import type { TabDeclaration } from './define-tab';
import { tabs } from './index';

/** What lies below the charts. */
export function TabPanels() {
  const wanted = useLab(({ preferences }) => preferences.tab);
  const shown = useLab(useShallow((state) => tabs.filter(({ when }) => when?.(state) ?? true)));
  const { prefer } = useActions();
  const chosen = shown.find(({ id }) => id === wanted) ?? tabs[0];
  return (
    <Tabs value={chosen.id} onChange={(tab) => tab && prefer({ tab })} keepMounted={false}>
      <Tabs.List className={styles.tabs ?? ''}>
        {shown.map((tab) => (
          <Tabs.Tab key={tab.id} value={tab.id}>
            {tab.label} <Count of={tab} />
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {shown.map(({ id, label, panel: Panel }) => (
        <Tabs.Panel key={id} value={id}>
          <PanelBoundary name={label}>
            <Suspense fallback={<p className={styles.opening}>Opening.</p>}>
              <Panel />
            </Suspense>
          </PanelBoundary>
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}

function Count({ of: { count } }: { of: TabDeclaration }) {
  const value = useLab((state) => count?.(state) ?? 0);
  return value > 0 && <span className={styles.count}>{value}</span>;
}
