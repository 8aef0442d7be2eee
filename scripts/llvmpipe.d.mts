export declare function findLlvmpipe(): { driver: string; missing?: undefined } | { driver?: undefined; missing: string };
