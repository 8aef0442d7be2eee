export interface Sample {
  label: number;
  png: () => Promise<Uint8Array>;
}

export declare function writeDataset(
  folder: string,
  dataset: {
    name: string;
    license: string;
    source: string;
    shuffleSeed: number;
    classes: string[];
    side: number;
    shardLength: number;
    builder: string;
    splits: Record<string, Sample[]>;
  },
  report: (line: string) => void,
): Promise<void>;
