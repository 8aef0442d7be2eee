import type { KernelVariant } from '../../core/results';
import styles from './performance.module.css';

/** How many of each, most first: "4x2 on 12, 8x1 on 6". */
function countWords(variants: readonly KernelVariant[]): string {
  const counts = new Map<string, number>();
  for (const { variant } of variants) counts.set(variant, (counts.get(variant) ?? 0) + 1);
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([variant, count]) => `${variant} on ${count}`)
    .join(', ');
}

function tuningWords(variants: readonly KernelVariant[]): string {
  const untried = variants.filter((one) => one.untried).length;
  if (untried === 0) return 'Each the fastest of its variants on this device, as measured.';
  return untried === variants.length
    ? 'No shape was measured yet: runs that take a while measure after their fifth update.'
    : `${untried} of ${variants.length} shapes are not measured yet: they take the first variant.`;
}

/** The kernels that come in variants: which one runs over which shape, and whether it was measured or is the first at hand. */
export function KernelVariants({ variants }: { variants: readonly KernelVariant[] }) {
  const kernels = [...new Set(variants.map(({ kernel }) => kernel))];
  return (
    <>
      <p className={styles.soft}>{tuningWords(variants)}</p>
      {kernels.map((kernel) => (
        <Family key={kernel} kernel={kernel} shapes={variants.filter((one) => one.kernel === kernel)} />
      ))}
    </>
  );
}

function Family({ kernel, shapes }: { kernel: string; shapes: readonly KernelVariant[] }) {
  return (
    <details className={styles.kernel}>
      <summary>
        {kernel} <span className={styles.soft}>{countWords(shapes)}</span>
      </summary>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">Shape</th>
            <th scope="col">Variant</th>
          </tr>
        </thead>
        <tbody>
          {shapes.map(({ shape, variant, untried }) => (
            <tr key={shape}>
              <th scope="row">{shape}</th>
              <td>
                {variant}
                {untried && <span className={styles.soft}> untried</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
