import { z } from "zod";
import { def } from "./def.ts";

const name = z.string().min(1);

export const fieldSchema = def(
  "Field",
  "Name, in lower case, and value of a field. The value's characters are its bytes (U+0000 to U+00FF)",
  z.tuple([name, z.string()]),
);

export const fieldChangeSchema = def(
  "FieldChange",
  "A change of a head's fields. `set` replaces all fields of the name, `add` leaves them, `remove` takes them away",
  z.union([
    z.tuple([z.literal("set"), name, z.string()]),
    z.tuple([z.literal("add"), name, z.string()]),
    z.tuple([z.literal("remove"), name]),
  ]),
);

export const fieldNamesSchema = def(
  "FieldNames",
  'Names of fields in lower case, or "*" for all of them',
  z.union([z.literal("*"), z.array(name)]),
);

export const attributesSchema = def(
  "Attributes",
  "Facts by name, of those that the phase asked for. One that is not known is absent",
  z.record(z.string(), z.unknown()),
);

export const metadataSchema = def(
  "Metadata",
  "What others and the access log may see, by namespace",
  z.record(z.string(), z.record(z.string(), z.unknown())),
);

export type Field = z.output<typeof fieldSchema>;
export type FieldChange = z.output<typeof fieldChangeSchema>;
export type FieldNames = z.output<typeof fieldNamesSchema>;
export type Attributes = z.output<typeof attributesSchema>;
export type Metadata = z.output<typeof metadataSchema>;
