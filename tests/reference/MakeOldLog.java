// Makes a log in the encoding of an old HdrHistogram: 2.1.4 encodes V1, 1.2.1 V0.
//   java -cp HdrHistogram-2.1.4.jar MakeOldLog.java > java-v1.hlog
// Its own HistogramLogWriter needs a Java with javax.xml.bind; the lines written here are as that one writes them.
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.Locale;
import org.HdrHistogram.Histogram;

public class MakeOldLog {
    public static void main(String[] arguments) throws Exception {
        System.out.println("#[StartTime: 1700000000.250 (seconds since epoch), Tue Nov 14 22:13:20 UTC 2023]");
        System.out.println("\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"");
        for (int interval = 0; interval < 3; interval++) {
            Histogram histogram = new Histogram(1, 3_600_000_000L, 3);
            for (int i = 1; i <= 100; i++) {
                histogram.recordValue(1_000L * i);
            }
            ByteBuffer bytes = ByteBuffer.allocate(histogram.getNeededByteBufferCapacity());
            int length = histogram.encodeIntoCompressedByteBuffer(bytes);
            byte[] encoded = new byte[length];
            bytes.rewind();
            bytes.get(encoded);
            System.out.printf(Locale.US, "%.3f,1.000,%.3f,%s%n", 1.0 * interval, histogram.getMaxValue() / 1e6,
                    Base64.getEncoder().encodeToString(encoded));
        }
    }
}
