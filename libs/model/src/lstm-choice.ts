/** How the computing of LSTM layers is chosen; `auto` takes the fastest that agrees with plain on the device (libs/compute). */
export const LSTM_CHOICES = ['auto', 'cudnn', 'fused', 'plain'] as const;

export type LstmChoice = (typeof LSTM_CHOICES)[number];
