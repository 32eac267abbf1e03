/** A run's id in a daemon: `r1`, `r2` and so on. No run is named like this, so that an id means one run. */
export const RUN_ID_PATTERN = /^r([1-9][0-9]{0,8})$/;
