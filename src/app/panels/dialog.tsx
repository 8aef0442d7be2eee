import { Modal } from '@mantine/core';
import type { ReactNode } from 'react';
import styles from './panels.module.css';

interface DialogProps {
  title: string;
  opened: boolean;
  onClose: () => void;
  children: ReactNode;
}

/** A dialog with a title and a close button. Composed by hand: Mantine's own header is a second banner to assistive technology. */
export function Dialog({ title, opened, onClose, children }: DialogProps) {
  return (
    <Modal.Root
      opened={opened}
      onClose={onClose}
      size="md"
      centered
      transitionProps={{ duration: 0 }}
      classNames={{ content: styles.dialog ?? '' }}
    >
      <Modal.Overlay backgroundOpacity={0.35} />
      <Modal.Content>
        <div className={styles.dialogHead}>
          <Modal.Title>{title}</Modal.Title>
          <Modal.CloseButton aria-label="Close" />
        </div>
        <Modal.Body>{children}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
