import { Modal } from '@mantine/core';
import { shortcuts } from '../shortcuts';
import styles from './panels.module.css';

/** The list behind `?`. */
export function Shortcuts({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    // Composed by hand: Mantine's own header is a second banner of the page to assistive technology.
    <Modal.Root opened={opened} onClose={onClose} size="sm" centered transitionProps={{ duration: 0 }}>
      <Modal.Overlay />
      <Modal.Content>
        <div className={styles.dialogHead}>
          <Modal.Title>Keyboard</Modal.Title>
          <Modal.CloseButton aria-label="Close" />
        </div>
        <Modal.Body>
          <dl className={styles.keys}>
            {shortcuts.map(({ keys, what }) => (
              <div key={what}>
                <dt>
                  {keys.map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
