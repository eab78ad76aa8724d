// A voice note (语音备注) from the microphone: begins, counts its seconds, ends by itself at the bound.
import { onBeforeUnmount, ref } from "vue";

const LONGEST_S = 180;
const TYPES = ["audio/webm;codecs=opus", "audio/mp4"] as const;
export type Microphone = "ready" | "recording" | "denied" | "missing";

export function useVoiceNote(done: (note: File) => void) {
  const state = ref<Microphone>(typeof MediaRecorder === "undefined" || navigator.mediaDevices === undefined ? "missing" : "ready");
  const seconds = ref(0);
  let recorder: MediaRecorder | null = null;
  let timer: number | undefined;

  function over(type: string, parts: Blob[]): void {
    window.clearInterval(timer);
    recorder?.stream.getTracks().forEach((track) => track.stop());
    recorder = null;
    state.value = "ready";
    const ending = type.includes("mp4") ? "m4a" : "webm";
    if (parts.length > 0) done(new File(parts, `voice.${ending}`, { type: type.split(";")[0] ?? type, lastModified: Date.now() }));
  }

  async function begin(): Promise<void> {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      const type = TYPES.find((candidate) => MediaRecorder.isTypeSupported(candidate));
      recorder = new MediaRecorder(stream, type ? { mimeType: type } : {});
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      state.value = error.name === "NotAllowedError" ? "denied" : "missing";
      return;
    }
    const parts: Blob[] = [];
    const made = recorder;
    made.ondataavailable = (event) => event.data.size > 0 && parts.push(event.data);
    made.onstop = () => over(made.mimeType, parts);
    made.start();
    state.value = "recording";
    seconds.value = 0;
    timer = window.setInterval(() => {
      seconds.value += 1;
      if (seconds.value >= LONGEST_S) end();
    }, 1000);
  }

  function end(): void {
    if (recorder?.state === "recording") recorder.stop();
  }

  onBeforeUnmount(end);
  return { state, seconds, begin, end };
}
