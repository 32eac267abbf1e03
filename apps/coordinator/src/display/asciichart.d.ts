/** The part of asciichart that is used here; the package has no types of its own. */
declare module 'asciichart' {
  interface PlotSettings {
    /** Rows between the smallest and the largest value. */
    readonly height?: number;
    readonly min?: number;
    readonly max?: number;
    /** A value as its label; labels should be of one length. */
    readonly format?: (value: number) => string;
  }
  const asciichart: { plot(series: readonly number[], settings?: PlotSettings): string };
  export default asciichart;
}
