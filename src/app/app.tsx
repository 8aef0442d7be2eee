/** The page: what the lab knows, as React draws it. Each folder is a part of the page; what a browser is to the lab is in browser/. */
import '@fontsource-variable/inter';
import '@mantine/core/styles.layer.css';
import './theme.css';
import { Drawer, MantineProvider, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useDisclosure, useMediaQuery } from '@mantine/hooks';
import { useCallback, useState } from 'react';
import type { Lab } from '../lab/lab';
import styles from './app.module.css';
import { type BenchmarkLab, BenchmarkProvider } from './benchmark/use-benchmark';
import { Charts } from './charts/charts';
import { Pipeline } from './form/pipeline';
import { PanelBoundary } from './panels/boundary';
import { Credits } from './panels/credits';
import { Device } from './panels/device';
import { Dialog } from './panels/dialog';
import { Header } from './panels/header';
import { Notices } from './panels/notices';
import { Shortcuts } from './panels/shortcuts';
import { StatusBar } from './panels/status-bar';
import { Transport } from './panels/transport';
import { useShortcuts } from './shortcuts';
import { TabPanels } from './tabs/tab-panels';
import { theme } from './theme';
import { LabProvider } from './use-lab';

interface AppProps {
  lab: Lab;
  benchmark: BenchmarkLab;
}

export function App({ lab, benchmark }: AppProps) {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <LabProvider lab={lab}>
        <BenchmarkProvider benchmark={benchmark}>
          <PanelBoundary name="The page">
            <Page />
          </PanelBoundary>
        </BenchmarkProvider>
      </LabProvider>
    </MantineProvider>
  );
}

const dialogs = [
  { name: 'keys', title: 'Keyboard', body: <Shortcuts /> },
  { name: 'device', title: 'Device', body: <Device /> },
  { name: 'credits', title: 'Data and licences', body: <Credits /> },
] as const;
type DialogName = (typeof dialogs)[number]['name'];

function Page() {
  const [dialog, setDialog] = useState<DialogName>();
  const narrow = useMediaQuery('(max-width: 900px)', undefined, { getInitialValueInEffect: false });
  const [drawer, { open, close }] = useDisclosure(false);
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme('light');
  const switchTheme = useCallback(() => setColorScheme(scheme === 'dark' ? 'light' : 'dark'), [setColorScheme, scheme]);
  const showKeys = useCallback(() => setDialog('keys'), []);
  useShortcuts(showKeys, switchTheme);
  return (
    <div className={styles.lab}>
      <Header onHelp={showKeys} onSettings={narrow ? open : undefined} />
      {narrow ? (
        <SettingsDrawer opened={drawer} onClose={close} />
      ) : (
        <aside className={styles.pipeline} aria-label="Experiment settings">
          <div className={styles.scroll}>
            <PanelBoundary name="The form">
              <Pipeline />
            </PanelBoundary>
          </div>
          <PanelBoundary name="Training">
            <Transport />
          </PanelBoundary>
        </aside>
      )}
      <main className={styles.main}>
        <Notices />
        <PanelBoundary name="The charts">
          <Charts />
        </PanelBoundary>
        <TabPanels />
      </main>
      {narrow && (
        <div className={styles.dock}>
          <PanelBoundary name="Training">
            <Transport />
          </PanelBoundary>
        </div>
      )}
      <StatusBar onDevice={() => setDialog('device')} onCredits={() => setDialog('credits')} />
      {dialogs.map(({ name, title, body }) => (
        <Dialog key={name} title={title} opened={dialog === name} onClose={() => setDialog(undefined)}>
          {body}
        </Dialog>
      ))}
    </div>
  );
}

/** The settings where they have no room of their own. Composed by hand for the reason given in panels/dialog.tsx. */
function SettingsDrawer({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Drawer.Root opened={opened} onClose={onClose} size="min(360px, 92vw)" transitionProps={{ duration: 0 }}>
      <Drawer.Overlay backgroundOpacity={0.35} />
      <Drawer.Content>
        <div className={styles.drawerHead}>
          <Drawer.Title>Experiment</Drawer.Title>
          <Drawer.CloseButton aria-label="Close the experiment" />
        </div>
        <PanelBoundary name="The form">
          <Pipeline />
        </PanelBoundary>
      </Drawer.Content>
    </Drawer.Root>
  );
}
