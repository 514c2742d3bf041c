/** Makes a photo small, upright and free of metadata, where the browser can decode it. */

/** The longest side of a photo as it is sent, in pixels. */
export const LONGEST_SIDE = 2048;
const QUALITY = 0.86;

/** Return the photo as a JPEG of at most LONGEST_SIDE, on white; null: this browser cannot decode or write it. */
export async function shrink(photo: Blob): Promise<Blob | null> {
  // Applies the EXIF turn; the pixels alone go into the new file.
  const bitmap = await createImageBitmap(photo, { imageOrientation: "from-image" }).catch(() => null);
  if (bitmap === null) return null;
  try {
    const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
    const width = Math.max(1, Math.round(bitmap.width * scale));
    const height = Math.max(1, Math.round(bitmap.height * scale));
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d", { alpha: false });
    if (context === null) return null;
    context.fillStyle = "#fff";
    context.fillRect(0, 0, width, height);
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, 0, 0, width, height);
    const jpeg = await canvas.convertToBlob({ type: "image/jpeg", quality: QUALITY });
    // A browser writes PNG in place of a type that it does not know.
    return jpeg.type === "image/jpeg" ? jpeg : null;
  } catch {
    // No OffscreenCanvas, or more pixels than it takes.
    return null;
  } finally {
    bitmap.close();
  }
}
