/** Decodes what the server says about updates (contract/update-messages.ts). Byte strings stay where they lie in the packet. */
import { IMAGE_ID_BYTES } from "../../contract/image-header.ts";
import { CHUNK_MAX_BYTES, ChunkKey, OfferKey } from "../../contract/update-messages.ts";
import { CborError } from "../cbor/format.ts";
import { CborReader } from "../cbor/reader.ts";

/** Reads the id of an image; 0 when it has another length. */
function readId(reader: CborReader): usize {
  if (!reader.bytes() || reader.stringLength != <u32>IMAGE_ID_BYTES) return 0;
  return reader.stringPointer;
}

export class Offer {
  image: usize = 0;
  sizeBytes: u32 = 0;
  /** 0 = there is no patch. */
  base: usize = 0;
  patchBytes: u32 = 0;
  retry: bool = false;

  /** Reads a whole message; false when it is not a well-formed `offer`. */
  read(reader: CborReader, pointer: usize, length: u32): bool {
    this.image = 0;
    this.sizeBytes = 0;
    this.base = 0;
    this.patchBytes = 0;
    this.retry = false;
    reader.begin(pointer, length);
    for (let pairs = reader.map(); pairs > 0 && reader.error == CborError.None; pairs--) {
      const key = reader.integer();
      if (key == OfferKey.Image) this.image = readId(reader);
      else if (key == OfferKey.SizeBytes) this.sizeBytes = reader.unsigned();
      else if (key == OfferKey.Base) this.base = readId(reader);
      else if (key == OfferKey.PatchBytes) this.patchBytes = reader.unsigned();
      else if (key == OfferKey.Retry) this.retry = reader.boolean();
      else reader.skip();
    }
    return reader.finished && this.image != 0 && this.sizeBytes != 0;
  }
}

export class Chunk {
  image: usize = 0;
  offset: u32 = 0;
  bytes: usize = 0;
  /** 0 = there is nothing at this place. */
  length: u32 = 0;
  /** It is a piece of a patch. */
  isPatch: bool = false;

  /** Reads a whole message; false when it is not a well-formed `chunk`. */
  read(reader: CborReader, pointer: usize, length: u32): bool {
    this.image = 0;
    this.offset = 0;
    this.bytes = 0;
    this.length = 0;
    this.isPatch = false;
    reader.begin(pointer, length);
    for (let pairs = reader.map(); pairs > 0 && reader.error == CborError.None; pairs--) {
      const key = reader.integer();
      if (key == ChunkKey.Image) this.image = readId(reader);
      else if (key == ChunkKey.Offset) this.offset = reader.unsigned();
      else if (key == ChunkKey.Bytes && reader.bytes()) {
        this.bytes = reader.stringPointer;
        this.length = reader.stringLength;
      } else if (key == ChunkKey.Base) this.isPatch = readId(reader) != 0;
      else reader.skip();
    }
    return reader.finished && this.image != 0 && this.bytes != 0 && this.length <= <u32>CHUNK_MAX_BYTES;
  }
}
