import '@fontsource-variable/inter';
import '@mantine/core/styles.layer.css';
import './theme.css';
import { Drawer, MantineProvider, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useDisclosure, useMediaQuery } from '@mantine/hooks';
import { useCallback, useEffect, useState } from 'react';
import styles from './app.module.css';
import { Charts } from './charts/charts';
import { Pipeline } from './form/pipeline';
import { Credits } from './panels/credits';
import { Device } from './panels/device';
import { Dialog } from './panels/dialog';
import { Header } from './panels/header';
import { Notices } from './panels/notices';
import { Shortcuts } from './panels/shortcuts';
import { StatusBar } from './panels/status-bar';
import { TabPanels } from './panels/tab-panels';
import { Transport } from './panels/transport';
import { useShortcuts } from './shortcuts';
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

const dialogs = [
  { name: 'keys', title: 'Keyboard', body: <Shortcuts /> },
  { name: 'device', title: 'Device', body: <Device /> },
  { name: 'credits', title: 'Data and licences', body: <Credits /> },
] as const;
type DialogName = (typeof dialogs)[number]['name'];

function Lab() {
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
            <Pipeline />
          </div>
          <Transport />
        </aside>
      )}
      <main className={styles.main}>
        <Notices />
        <Charts />
        <TabPanels />
      </main>
      {narrow && (
        <div className={styles.dock}>
          <Transport />
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
        <Pipeline />
      </Drawer.Content>
    </Drawer.Root>
  );
}
