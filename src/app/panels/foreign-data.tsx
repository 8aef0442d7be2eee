import { useMemo } from 'react';
import { useShallow } from 'zustand/react/shallow';
import type { Experiment } from '../../experiment/schema';
import { type ForeignData, unreadForeignData } from '../../lab/foreign-data';
import { useActions, useLab } from '../use-lab';
import styles from './panels.module.css';

/** What an experiment would read of another site, until that is allowed. */
export function useForeignData(experiment: Experiment | undefined): ForeignData | undefined {
  const allowed = useLab(useShallow(({ base, mayRead }) => ({ base, mayRead })));
  return useMemo(() => experiment && unreadForeignData(experiment, allowed), [experiment, allowed]);
}

/** In place of images that lie elsewhere: whose they are, and the press that reads them. */
export function AskForData({ address, host }: ForeignData) {
  const { readDataFrom } = useActions();
  return (
    <p>
      The images lie at {host}, and nothing was asked of it yet.{' '}
      <button type="button" className={styles.tool} onClick={() => readDataFrom(address)}>
        Read data from {host}
      </button>
    </p>
  );
}
