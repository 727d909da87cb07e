/**
 * Words and numbers that several rooms keep and the API takes: one schema each, for the routes that read them in and for the import of
 * an organisation (store/transfer/values.ts), so that neither takes what the other does not.
 */
import type { TSchema } from "typebox";
import * as Type from "typebox/type";
import { TAG_MAX_CHARS } from "./limits.ts";

export const NAME_MAX_CHARS = 100;

export const strict = { additionalProperties: false };

/** Null first: Fastify would make an empty text or a zero of it. */
export const OrNull = <T extends TSchema>(schema: T) => Type.Union([Type.Null(), schema]);

/** What people call something; nothing in it that a mail or a terminal would obey. */
export const Name = Type.String({
  minLength: 1,
  maxLength: NAME_MAX_CHARS,
  pattern: "^[^\\p{Cc}\\u2028\\u2029]*$",
  description: "for people",
});

/** As it stands in the subject of a mail. */
export const ShortName = Type.String({ ...Name, maxLength: 80 });

export const Slug = Type.String({
  pattern: "^[a-z0-9][a-z0-9-]{0,62}$",
  description: "of an organisation: lowercase letters, digits, hyphens",
});

export const Email = Type.String({
  minLength: 3,
  maxLength: 254,
  pattern: "^[^\\s@\\p{Cc}]+@[^\\s@\\p{Cc}]+$",
  description: "an email address; this server sends no mail to it",
});

export const Tag = Type.String({
  pattern: "^[a-z0-9]+([._-][a-z0-9]+)*$",
  maxLength: TAG_MAX_CHARS,
  description: "a short word: lowercase letters and digits, with - . _ between them",
});

/** As it is kept; the API takes slugs too. */
export const MacText = Type.String({ pattern: "^[0-9a-f]{12}$" });

export const StreamId = Type.String({ pattern: "^[0-9a-f]{4}$", description: "stream id, four lowercase hex digits" });

export const PropertyName = Type.String({ pattern: "^[A-Za-z][\\w.-]{0,62}$" });

export const EventKind = Type.String({
  pattern: "^[a-z][a-z0-9-]{0,39}$",
  description: "lowercase letters, digits, hyphens",
});

export const FileName = Type.String({
  pattern: "^[^/\\\\\\x00-\\x1f\\x7f]{1,100}$",
  description: "of the file, without folders",
});

export const ReleaseVersion = Type.String({
  pattern: "^[0-9A-Za-z][0-9A-Za-z.+-]{0,39}$",
  description: "of the release, as 1.2.0",
});

export const ZoneText = Type.String({ maxLength: 60, description: "IANA time zone, as Europe/Rome" });
