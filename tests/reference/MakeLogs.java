// Makes java.hlog and java-double.hlog with HdrHistogram's own writer:
//   java -cp HdrHistogram-2.2.2.jar MakeLogs.java DIRECTORY
import java.io.PrintStream;
import java.util.Random;
import org.HdrHistogram.DoubleHistogram;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogWriter;

public class MakeLogs {
    static final long START_MS = 1_700_000_000_250L;

    static HistogramLogWriter begin(String file) throws Exception {
        HistogramLogWriter writer = new HistogramLogWriter(new PrintStream(file));
        writer.outputComment("[Logged with HdrHistogram 2.2.2; values in ns]");
        writer.outputLogFormatVersion();
        writer.outputStartTime(START_MS);
        writer.setBaseTime(START_MS);
        writer.outputBaseTime(START_MS);
        writer.outputLegend();
        return writer;
    }

    public static void main(String[] arguments) throws Exception {
        Random random = new Random(20260301);
        HistogramLogWriter log = begin(arguments[0] + "/java.hlog");
        for (int interval = 0; interval < 20; interval++) {
            for (String tag : new String[] {null, "read", "write"}) {
                if ("write".equals(tag) && interval % 4 != 0) {
                    continue;
                }
                // It grows as it records, so that the intervals' ranges differ.
                Histogram histogram = new Histogram("write".equals(tag) ? 2 : 3);
                int values = tag == null ? 2_000 : 300;
                for (int i = 0; i < values; i++) {
                    double spread = Math.exp(random.nextGaussian() * 1.3);
                    histogram.recordValue((long) (spread * (tag == null ? 400_000 : 90_000)));
                }
                histogram.setTag(tag);
                histogram.setStartTimeStamp(START_MS + 1_000L * interval);
                histogram.setEndTimeStamp(START_MS + 1_000L * (interval + 1));
                log.outputIntervalHistogram(histogram);
            }
        }
        log.close();

        HistogramLogWriter doubles = begin(arguments[0] + "/java-double.hlog");
        DoubleHistogram histogram = new DoubleHistogram(3);
        for (int i = 0; i < 100; i++) {
            histogram.recordValue(0.25 + random.nextDouble());
        }
        histogram.setStartTimeStamp(START_MS);
        histogram.setEndTimeStamp(START_MS + 1_000L);
        doubles.outputIntervalHistogram(histogram);
        doubles.close();
    }
}
