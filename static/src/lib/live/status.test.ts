import { describe, expect, it } from "vitest";
import { warningsIn } from "./api.ts";
import { complaintsOf } from "./status.ts";

const status = (message: string, causes: object[] = []): object => ({
  kind: "Status",
  message,
  details: { causes },
});

describe("complaintsOf", () => {
  it("gives each cause with its field", () => {
    const body = status('Pod "a" is invalid: [...]', [
      { reason: "FieldValueRequired", message: "Required value", field: "spec.containers[0].image" },
      { reason: "FieldValueInvalid", message: "Invalid value: 0", field: "spec.priority" },
    ]);

    expect(complaintsOf(body)).toEqual([
      { message: "spec.containers[0].image: Required value", field: "spec.containers[0].image" },
      { message: "spec.priority: Invalid value: 0", field: "spec.priority" },
    ]);
  });

  it("splits what strict decoding found, without repeating the whole document", () => {
    const words = 'strict decoding error: unknown field "spec.a", line 4: key "name" already set in map';
    const body = status(`"" is invalid: patch: Invalid value: "{…}": ${words}`, [
      { reason: "FieldValueInvalid", message: words, field: "patch" },
    ]);

    expect(complaintsOf(body)).toEqual([
      { message: 'unknown field "spec.a"', field: "spec.a" },
      { message: 'line 4: key "name" already set in map', field: "", line: 4 },
    ]);
  });

  it("reads the field and the type found from a decoder's message", () => {
    const message =
      "json: cannot unmarshal string into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32";

    expect(complaintsOf(status(message))).toEqual([
      { message, field: "spec.containers.ports.containerPort", found: "string" },
    ]);
  });

  it("marks a field that another manager owns", () => {
    const body = status("Apply failed with 1 conflict", [
      {
        reason: "FieldManagerConflict",
        message: 'conflict with "x"',
        field: '.spec.containers[name="web"].image',
      },
    ]);

    expect(complaintsOf(body)[0]).toMatchObject({ conflict: true });
  });

  it("keeps a sentence that names no field", () => {
    expect(complaintsOf(status('pods "x" already exists'))).toEqual([
      { message: 'pods "x" already exists', field: "" },
    ]);
  });
});

describe("warningsIn", () => {
  it("reads every warning of a header", () => {
    expect(warningsIn('299 - "first", 299 - "say \\"hi\\""')).toEqual(["first", 'say "hi"']);
  });
});

it("names each field that server-side apply does not know", () => {
  const message =
    'failed to create typed patch object (default/web; /v1, Kind=Pod): errors:\n  .spec.a: field not declared in schema\n  .spec.containers[name="web"].imagee: field not declared in schema';

  expect(complaintsOf({ kind: "Status", message }).map((complaint) => complaint.field)).toEqual([
    ".spec.a",
    '.spec.containers[name="web"].imagee',
  ]);
});
