import type { ReactNode } from 'react';
import { Answers } from './answers';
import styles from './look.module.css';
import { RateCurve } from './rate-curve';
import { TrainingImages } from './training-images';

/** What goes into the network before a run, and what comes out of it after one. */
export function Look() {
  return (
    <div className={styles.look}>
      <Section title="Training images">
        <TrainingImages />
      </Section>
      <Section title="Learning rate">
        <RateCurve />
      </Section>
      <Section title="What a run says">
        <Answers />
      </Section>
    </div>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={styles.section} aria-label={title}>
      <h3 className={styles.heading}>{title}</h3>
      {children}
    </section>
  );
}
