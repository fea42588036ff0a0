import type { PlatformError } from "effect"

/** Why a file could not be read or written, in words. */
export const describe = (reason: PlatformError.PlatformError["reason"]): string => {
  const code = (reason.cause as { readonly code?: unknown } | undefined)?.code
  if (code === "EISDIR") return "it is a folder, expected a file"
  if (code === "ENOTDIR" || code === "EEXIST") return "a part of its path is a file, expected a folder"
  if (reason._tag === "NotFound") return "there is no such file"
  if (reason._tag === "PermissionDenied") return "permission denied"
  return reason.message
}
