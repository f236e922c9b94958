import { BY_CHANCE, makerOf, runPickerCases } from "../../../seam/picker_cases.ts";

runPickerCases("random", makerOf({ kind: "random", slowStart: null }), BY_CHANCE);
