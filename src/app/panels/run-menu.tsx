import { Menu } from '@mantine/core';
import type { Run } from '../../runs/store';
import { Icon } from '../icons';
import { chooseTeacher, downloadWeights, useKeptWeights } from '../kept-weights';
import { downloadCurve } from './export-csv';
import styles from './runs-table.module.css';

/** What can be had of a run: its curves, and its weights while they are kept. */
export function RunMenu({ run }: { run: Run }) {
  const { id, name } = run;
  const kept = useKeptWeights(({ checkpoints }) => checkpoints.some((checkpoint) => checkpoint.id === id));
  const label = `Download ${name}, or learn from it`;
  return (
    <Menu position="bottom-end" transitionProps={{ duration: 0 }} shadow="sm">
      <Menu.Target>
        <button type="button" className={styles.action} aria-label={label} title={label}>
          <Icon name="download" />
        </button>
      </Menu.Target>
      <Menu.Dropdown className={styles.menu ?? ''}>
        <Menu.Item leftSection={<Icon name="download" />} onClick={() => downloadCurve(run)}>
          Download curves (CSV)
        </Menu.Item>
        {kept && (
          <>
            <Menu.Item leftSection={<Icon name="weights" />} onClick={() => void downloadWeights({ id, name })}>
              Download weights (safetensors)
            </Menu.Item>
            <Menu.Item leftSection={<Icon name="teacher" />} onClick={() => chooseTeacher(id)}>
              Use as teacher
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
