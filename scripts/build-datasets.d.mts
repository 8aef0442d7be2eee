export declare function buildDatasets(options?: {
  force?: boolean;
  names?: string[];
  target?: string;
  log?: (line: string) => void;
}): Promise<string[]>;
