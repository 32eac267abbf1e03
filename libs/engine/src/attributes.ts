import { AttributeType, type Attribute } from './binding.js';

// Attributes of ops, as the binding takes them.

export const text = (name: string, value: string): Attribute => ({ name, type: AttributeType.string, value });
export const int = (name: string, value: number): Attribute => ({ name, type: AttributeType.int, value });
export const float = (name: string, value: number): Attribute => ({ name, type: AttributeType.float, value });
export const bool = (name: string, value: boolean): Attribute => ({ name, type: AttributeType.bool, value });
/** `value` is one of `DataType`. */
export const type = (name: string, value: number): Attribute => ({ name, type: AttributeType.type, value });
