/** How the line begins by which the engine's process tells of itself; TensorFlow's own lines begin otherwise. */
export const ENGINE_MARK = 'rocinante engine: ';
