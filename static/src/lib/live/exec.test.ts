import { expect, it } from "vitest";
import { endOf, execPath } from "./exec.ts";

it("asks for a terminal in the container, each word of the command by itself", () => {
  expect(execPath({ namespace: "shop", pod: "web", container: "app", command: ["sh", "-c", "a b"] })).toBe(
    "/api/v1/namespaces/shop/pods/web/exec?container=app&stdin=true&stdout=true&tty=true&command=sh&command=-c&command=a+b",
  );
});

it("says why a program did not end well", () => {
  expect(endOf('{"status":"Success"}')).toBe("");
  expect(endOf('{"status":"Failure","message":"command terminated with exit code 1"}')).toBe(
    "command terminated with exit code 1",
  );
});
