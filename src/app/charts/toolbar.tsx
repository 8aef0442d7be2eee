import { SegmentedControl, Slider, Switch } from '@mantine/core';
import type { Axis } from '../../runs/rows';
import { useActions, useLab } from '../use-lab';
import styles from './charts.module.css';

const axes: { value: Axis; label: string }[] = [
  { value: 'step', label: 'Updates' },
  { value: 'epoch', label: 'Epochs' },
  { value: 'images', label: 'Images' },
  { value: 'time', label: 'Time' },
];
const axisParts = {
  root: styles.axis ?? '',
  label: styles.axisLabel ?? '',
  indicator: styles.axisIndicator ?? '',
};

/** What all charts share: the x axis, smoothing, the scale of the loss. */
export function Toolbar() {
  const { axis, smoothing, logLoss } = useLab(({ preferences }) => preferences);
  const { prefer } = useActions();
  return (
    <div className={styles.toolbar}>
      <SegmentedControl
        size="xs"
        classNames={axisParts}
        withItemsBorders={false}
        aria-label="Horizontal axis"
        value={axis}
        onChange={(value) => prefer({ axis: value as Axis })}
        data={axes}
      />
      <div className={styles.smoothing}>
        <span id="smoothing-label">Smoothing</span>
        <Slider
          className={styles.slider}
          size="xs"
          min={0}
          max={0.99}
          step={0.01}
          label={null}
          value={smoothing}
          thumbProps={{ 'aria-labelledby': 'smoothing-label' }}
          onChange={(value) => prefer({ smoothing: value })}
        />
        <output>{smoothing.toFixed(2)}</output>
      </div>
      <Switch
        size="xs"
        label="Log loss"
        checked={logLoss}
        onChange={(event) => prefer({ logLoss: event.currentTarget.checked })}
      />
    </div>
  );
}
