import { Popover } from '@mantine/core';
import { useState } from 'react';
import type { Run } from '../../runs/run';
import { Icon, type IconName } from '../icons';
import { saveFile } from '../save-file';
import { useActions, useLab, useLabItself } from '../use-lab';
import { downloadCurve } from './export-csv';
import styles from './runs-table.module.css';

/** What can be had of a run: its curves, and its weights while they are kept. */
export function RunMenu({ run }: { run: Run }) {
  const { id, name } = run;
  const { curveOf } = useLabItself();
  const { takeWeights, chooseTeacher } = useActions();
  const downloadWeights = async () => {
    const weights = await takeWeights(id, name);
    if (weights) saveFile(`tricklab-${name}.safetensors`, weights, 'application/octet-stream');
  };
  const [opened, setOpened] = useState(false);
  const kept = useLab(({ checkpoints }) => checkpoints.some((checkpoint) => checkpoint.id === id));
  const label = `Download ${name}, or learn from it`;
  const item = (icon: IconName, words: string, act: () => void) => (
    <button
      type="button"
      className={styles.menuItem}
      onClick={() => {
        setOpened(false);
        act();
      }}
    >
      <Icon name={icon} />
      {words}
    </button>
  );
  return (
    // In its place among the landmarks, but not cut off by the table's frame.
    <Popover
      opened={opened}
      onChange={setOpened}
      position="bottom-end"
      transitionProps={{ duration: 0 }}
      shadow="sm"
      withinPortal={false}
      floatingStrategy="fixed"
      trapFocus
      returnFocus
    >
      <Popover.Target>
        <button
          type="button"
          className={styles.action}
          aria-label={label}
          title={label}
          onClick={() => setOpened(!opened)}
        >
          <Icon name="download" />
        </button>
      </Popover.Target>
      <Popover.Dropdown className={styles.menu ?? ''}>
        {item('download', 'Download curves (CSV)', () => downloadCurve(run, curveOf(id)))}
        {kept && item('weights', 'Download weights (safetensors)', () => void downloadWeights())}
        {kept && item('teacher', 'Use as teacher', () => chooseTeacher(id))}
      </Popover.Dropdown>
    </Popover>
  );
}
