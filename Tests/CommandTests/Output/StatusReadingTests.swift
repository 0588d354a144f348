import HookgateCore
import Testing

@testable import HookgateCommands

struct StatusReadingTests {
    @Test(arguments: [
        (
            #"{"event":"connection.update","data":{"state":"open","wuid":"15550101001@s.whatsapp.net","statusReason":200}}"#,
            StatusSignal.open(PhoneNumber("+15550101001"))
        ),
        (#"{"event":"CONNECTION_UPDATE","data":{"state":"connecting","statusReason":200}}"#, .connecting),
        (#"{"event":"connection.update","data":{"state":"close","statusReason":401}}"#, .loggedOut),
        (#"{"event":"connection.update","data":{"state":"close","statusReason":440}}"#, .closed(reason: 440)),
        (#"{"event":"connection.update","data":{"state":"refused","statusReason":428}}"#, .codesUsedUp),
        (#"{"event":"qrcode.updated","data":{"qrcode":{"instance":"a"}}}"#, .codeOffered),
        (#"{"event":"qrcode.updated","data":{"message":"limit","statusCode":500}}"#, .codesUsedUp),
        (#"{"event":"status.instance","data":{"status":"closed","disconnectionReasonCode":401}}"#, .loggedOut),
        (
            #"{"event":"status.instance","data":{"status":"closed","disconnectionReasonCode":401,"disconnectionObject":"{\"error\":{\"data\":{\"content\":[{\"attrs\":{\"type\":\"device_removed\"}}]}}}"}}"#,
            .deviceRemoved
        ),
        (#"{"event":"logout.instance","data":null}"#, .loggedOut),
        (#"{"event":"remove.instance","data":null}"#, .removed),
        (#"{"event":"instance.delete","data":{"instanceName":"a"}}"#, .removed),
    ])
    func anEventSaysWhatBecameOfTheConnection(body: String, signal: StatusSignal) {
        #expect(StatusReading.read(Array(body.utf8)) == EventReading(signal: signal, saidAt: nil))
    }

    @Test func aWordThatNobodyKnowsIsToldFromSilence() {
        let strange =
            #"{"event":"connection.update","data":{"state":"hibernating"},"date_time":"2025-11-14T09:00:00.500Z"}"#
        let reading = StatusReading.read(Array(strange.utf8))
        #expect(reading?.signal == nil)
        #expect(reading?.saidAt != nil)
        for body in [#"{"event":"messages.upsert","data":{}}"#, #"{"event":"instance.create","data":{}}"#, "[]", "{"] {
            #expect(StatusReading.read(Array(body.utf8)) == nil)
        }
    }
}
