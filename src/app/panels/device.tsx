import { formatCount } from '../../core/format';
import { useLab } from '../use-lab';
import styles from './panels.module.css';

/** What trains: the backend, the adapter behind it, its features and its measured rate. */
export function Device() {
  const adapter = useLab((state) => state.adapter);
  const flops = useLab((state) => state.flops);
  if (!adapter) return <p>No device was found yet.</p>;
  const { backend, vendor, architecture, description, software, features, fallbackReason } = adapter;
  const name = [vendor, architecture].filter(Boolean).join(' ');
  const facts = [
    ['Backend', backend === 'webgpu' ? 'WebGPU' : `${backend}, a fallback many times slower than WebGPU`],
    ['Why not WebGPU', fallbackReason],
    ['Adapter', name],
    ['Described as', description === name ? '' : description],
    ['Kind', software ? 'A software adapter: the processor does the work of a GPU. Expect it slow.' : 'A GPU'],
    ['Measured', flops ? `${formatCount(flops)}FLOP/s in a training convolution` : 'measuring'],
    ['Features', features.length ? features.join(', ') : 'none that matter here'],
  ] as const;
  return (
    <dl className={styles.facts}>
      {facts.map(
        ([what, value]) =>
          value && (
            <div key={what}>
              <dt>{what}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
