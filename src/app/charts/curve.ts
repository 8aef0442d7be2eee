/** A line in a chart. */
export interface Curve {
  key: string;
  run: string;
  name: string;
  color: string;
  dash: string;
  /** Not the run that is looked at: drawn paler. */
  pale: boolean;
  weight: 'raw' | 'thin' | 'line' | 'bold' | 'average' | 'hollow' | 'plan';
  /** Its column in the readout; absent: not read out. */
  label?: string;
}
