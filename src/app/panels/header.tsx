import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useState } from 'react';
import { toLink } from '../../experiment/url';
import { Icon } from '../icons';
import { useLab } from '../use-lab';
import styles from './panels.module.css';

interface HeaderProps {
  onHelp: () => void;
  /** Opens the settings where they have no room of their own. */
  onSettings: (() => void) | undefined;
}

export function Header({ onHelp, onSettings }: HeaderProps) {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme('light');
  const other = scheme === 'dark' ? 'light' : 'dark';
  return (
    <header className={styles.header}>
      <h1 className={styles.brand}>
        <svg width="20" height="20" viewBox="0 0 32 32" aria-hidden="true" fill="none" strokeLinecap="round">
          <path d="M5 6c2 14 7 19 22 20" stroke="var(--accent)" strokeWidth="3.200" />
          <path d="M5 6c5 9 11 11.500 22 12" stroke="currentColor" strokeWidth="2.200" strokeDasharray="3 4" />
        </svg>
        Tricklab
      </h1>
      <p className={styles.tagline}>Which training tricks help, on this data, at what cost.</p>
      <div className={styles.headerTools}>
        {onSettings && (
          <button type="button" className={styles.tool} onClick={onSettings}>
            <Icon name="sliders" /> Experiment
          </button>
        )}
        <CopyLink />
        <button
          type="button"
          className={styles.tool}
          aria-label={`Switch to the ${other} theme`}
          title={`Switch to the ${other} theme`}
          onClick={() => setColorScheme(other)}
        >
          <Icon name={other === 'dark' ? 'moon' : 'sun'} />
        </button>
        <button
          type="button"
          className={styles.tool}
          aria-label="Keyboard shortcuts"
          title="Keyboard shortcuts"
          onClick={onHelp}
        >
          <b aria-hidden="true">?</b>
        </button>
      </div>
    </header>
  );
}

/** Copies the address of the experiment as it stands on the form. */
function CopyLink() {
  const experiment = useLab((state) => state.experiment);
  const [answer, setAnswer] = useState('');
  const copy = async () => {
    const link = `${location.origin}${location.pathname}?${toLink(experiment)}`;
    try {
      await navigator.clipboard.writeText(link);
      setAnswer('Link copied');
    } catch {
      // No permission: the address bar holds the same link.
      history.replaceState(null, '', link);
      setAnswer('Copy it from the address bar');
    }
    setTimeout(() => setAnswer(''), 2500);
  };
  return (
    <>
      <button type="button" className={styles.tool} onClick={() => void copy()}>
        <Icon name={answer ? 'check' : 'link'} /> <span className={styles.toolText}>{answer || 'Copy link'}</span>
      </button>
      <span className="visually-hidden" role="status">
        {answer}
      </span>
    </>
  );
}
