export declare const llvmpipeTests: string[];
export declare function findLlvmpipe():
  | { driver: string; missing?: undefined }
  | { driver?: undefined; missing: string };
