import '@mantine/core/styles.layer.css';
import './theme.css';
import { Drawer, MantineProvider, Tabs, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useDisclosure, useMediaQuery } from '@mantine/hooks';
import { useCallback, useEffect } from 'react';
import styles from './app.module.css';
import { Charts } from './charts/charts';
import { Pipeline } from './form/pipeline';
import { Look } from './look/look';
import { Header } from './panels/header';
import { Notices } from './panels/notices';
import { RunsTable } from './panels/runs-table';
import { Shortcuts } from './panels/shortcuts';
import { StatusBar } from './panels/status-bar';
import { Transport } from './panels/transport';
import { useShortcuts } from './shortcuts';
import { usePreferences } from './state';
import { theme } from './theme';
import { openLab } from './training';

let opened = false;

export function App() {
  useEffect(() => {
    // Strict mode mounts twice; there is one worker and one store.
    if (!opened) void openLab();
    opened = true;
  }, []);
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <Lab />
    </MantineProvider>
  );
}

function Lab() {
  const [help, helpControls] = useDisclosure(false);
  const [settings, settingsControls] = useDisclosure(false);
  const narrow = useMediaQuery('(max-width: 900px)', undefined, { getInitialValueInEffect: false });
  const tab = usePreferences((state) => state.tab);
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme('light');
  const switchTheme = useCallback(() => setColorScheme(scheme === 'dark' ? 'light' : 'dark'), [setColorScheme, scheme]);
  useShortcuts(helpControls.open, switchTheme);
  const form = (
    <div className={styles.scroll}>
      <Pipeline />
    </div>
  );
  return (
    <div className={styles.lab}>
      <Header onHelp={helpControls.open} onSettings={narrow ? settingsControls.open : undefined} />
      {narrow ? (
        // Composed by hand for the reason given in panels/shortcuts.tsx.
        <Drawer.Root
          opened={settings}
          onClose={settingsControls.close}
          size="min(360px, 92vw)"
          transitionProps={{ duration: 0 }}
        >
          <Drawer.Overlay />
          <Drawer.Content>
            <div className={styles.drawerHead}>
              <Drawer.Title>Experiment</Drawer.Title>
              <Drawer.CloseButton aria-label="Close the experiment" />
            </div>
            <Pipeline />
          </Drawer.Content>
        </Drawer.Root>
      ) : (
        <aside className={styles.pipeline} aria-label="Experiment settings">
          {form}
          <Transport />
        </aside>
      )}
      <main className={styles.main}>
        <Notices />
        <Charts />
        <Tabs value={tab} onChange={(value) => usePreferences.setState({ tab: value ?? 'runs' })} keepMounted={false}>
          <Tabs.List className={styles.tabs ?? ''}>
            <Tabs.Tab value="runs">Runs</Tabs.Tab>
            <Tabs.Tab value="look">Look</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="runs">
            <RunsTable />
          </Tabs.Panel>
          <Tabs.Panel value="look">
            <Look />
          </Tabs.Panel>
        </Tabs>
      </main>
      {narrow && (
        <div className={styles.dock}>
          <Transport />
        </div>
      )}
      <StatusBar />
      <Shortcuts opened={help} onClose={helpControls.close} />
    </div>
  );
}
