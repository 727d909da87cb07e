/** Products must fit: half of a slot each, and three quarters of a program's memory. */
import { expect, test } from "vitest";
import { readBoards } from "../../tools/build/board.ts";
